/** Templates: a primitive that names one is the template with its own children behind the template's (1-state E2). */
import type { XmlElement } from "@quorate/cib";

/** Null when the template does not exist. */
export function expandTemplate(root: XmlElement, primitive: XmlElement): XmlElement | null {
  const name = primitive.attributes["template"];
  if (name === undefined) return primitive;
  const template = findTemplate(root, name);
  if (template === null) return null;
  const own = primitive.children.find((child) => child.name === "operations");
  const inherited = template.children.find((child) => child.name === "operations");
  const bothOperations = own !== undefined && inherited !== undefined;
  const operations = bothOperations ? { ...own, children: [...own.children, ...missingOperations(own, inherited)] } : null;
  return {
    ...template,
    name: "primitive",
    attributes: { ...template.attributes, id: primitive.attributes["id"] ?? "" },
    children: [
      ...template.children.filter((child) => child !== inherited || !bothOperations),
      ...primitive.children.map((child) => (child === own && operations !== null ? operations : child)),
    ],
  };
}

function findTemplate(element: XmlElement, id: string): XmlElement | null {
  if (element.name === "template" && element.attributes["id"] === id) return element;
  for (const child of element.children) {
    if (child.name === "status") continue;
    const found = findTemplate(child, id);
    if (found !== null) return found;
  }
  return null;
}

function missingOperations(own: XmlElement, inherited: XmlElement): XmlElement[] {
  const keys = new Set(own.children.map(operationKey));
  return inherited.children.filter((operation) => !keys.has(operationKey(operation)));
}

/** The interval does not count, and roles that plain resources run in are the same. */
function operationKey(operation: XmlElement): string {
  const role = (operation.attributes["role"] ?? "started").toLowerCase();
  return `${operation.attributes["name"] ?? ""} ${role === "unpromoted" || role === "slave" ? "started" : role}`;
}

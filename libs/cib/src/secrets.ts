/** Passwords in a CIB: parameters of fence devices and of some agents. What people are shown has them masked. Pure. */
import { attribute } from "./element.ts";
import type { XmlElement } from "./types.ts";

export const SECRET_MASK = "********";

/** Names under which fence agents, resource agents and cluster-glue plug-ins take secrets. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  "password", "passwd", "pass", "pwd", "passphrase", "passwd_script", "password_script", "snmp_priv_passwd", "secret", "secret_key", "token", "community", "auth_key", "priv_key",
  "login_passwd", "ssh_pass", "snmp_pass",
]);

/** `ipmi_passwd`, `admin-password`, `replication_user_password` and the like count too. */
const SECRET_ENDING = /(?:^|[_-])(?:password|passwd|passphrase|secret|token|secret[_-]?key|access[_-]?key|api[_-]?key)$/;

export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase();
  return SECRET_NAMES.has(plain) || SECRET_ENDING.test(plain);
}

/** The tree with the value of every pair of a secret name masked; shares what has none. */
export function maskSecrets(element: XmlElement): XmlElement {
  const name = element.name === "nvpair" ? attribute(element, "name") : null;
  if (name !== null && isSecretName(name) && attribute(element, "value") !== null) return { ...element, attributes: { ...element.attributes, value: SECRET_MASK } };
  const masked = element.children.map(maskSecrets);
  return masked.every((one, at) => one === element.children[at]) ? element : { ...element, children: masked };
}

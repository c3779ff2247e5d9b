/** Tickets: what a cluster may only run while its site holds a ticket (1-state D12, 2-assignment G3, 3-actions O17). */
import type { XmlElement } from "@quorate/cib";
import { child, isTrue } from "@quorate/cib";
import type { Cluster } from "../model/cluster.ts";
import { markForFencing } from "../model/cluster.ts";
import type { Resource } from "../model/resource.ts";
import { leavesOf } from "../model/resource.ts";
import { parseRole } from "../model/role.ts";
import { ban, banEverywhere } from "../read/resources.ts";
import type { Role } from "../types.ts";
import { expandReference, findConstrained, readSetsOf } from "./constrained-resources.ts";

/** One ticket of the status section; one that only a constraint names is not granted. */
interface Ticket {
  readonly id: string;
  readonly granted: boolean;
  /** Granted, but about to be given away: nothing new is started with it. */
  readonly standby: boolean;
}

type LossPolicy = "stop" | "demote" | "fence" | "freeze";

interface Dependency {
  readonly ticket: Ticket;
  /** `Unknown`: whatever the role. */
  readonly role: Role;
  readonly policy: LossPolicy;
}

/** One `rsc_ticket` of the constraints section. */
export function readTicket(cluster: Cluster, element: XmlElement): void {
  const { id = "", ticket: name, rsc, "rsc-role": constraintRole } = element.attributes;
  if (name === undefined) return;
  const ticket = findTicket(cluster, name);
  const sets = readSetsOf(cluster, element);
  const single = sets.length > 0 || rsc === undefined ? [] : expandReference(cluster, rsc).ids.flatMap((one) => findConstrained(cluster, one) ?? []);
  const dependents = [
    ...sets.flatMap((set) => set.resources.map((resource) => ({ resource, roleText: set.element.attributes["role"] }))),
    ...single.map((resource) => ({ resource, roleText: constraintRole })),
  ];
  for (const { resource, roleText } of dependents) {
    const role = readRole(roleText);
    if (role === null) cluster.warnings.push(`Ticket constraint ${id}: the role ${roleText ?? ""} does not exist; the constraint is ignored`);
    else depend(cluster, resource, { ticket, role, policy: lossPolicy(cluster, element, role) });
  }
}

function findTicket(cluster: Cluster, id: string): Ticket {
  const tickets = child(child(cluster.root, "status") ?? cluster.root, "tickets");
  const state = tickets?.children.find((element) => element.name === "ticket_state" && element.attributes["id"] === id);
  return { id, granted: isTrue(state?.attributes["granted"] ?? null), standby: isTrue(state?.attributes["standby"] ?? null) };
}

function readRole(text: string | undefined): Role | null {
  const role = text === undefined ? "Unknown" : parseRole(text);
  return role === "Started" ? "Unknown" : role;
}

/** Without fencing nothing can be fenced: it stops then. */
function lossPolicy(cluster: Cluster, element: XmlElement, role: Role): LossPolicy {
  const given = element.attributes["loss-policy"]?.toLowerCase();
  if (given === "fence") return cluster.options.fencingEnabled ? "fence" : "stop";
  if (given === "stop" || given === "demote" || given === "freeze") return given;
  return role === "Promoted" ? "demote" : "stop";
}

function depend(cluster: Cluster, resource: Resource, dependency: Dependency): void {
  const { ticket, role } = dependency;
  if (ticket.granted && !ticket.standby) return;
  if (role === "Promoted" && resource.clone !== null) cluster.promotionTickets.set(resource, ban("ticket", absence(ticket), ticket.id));
  for (const leaf of leavesOf(resource)) {
    if (ticket.granted || leaf.runningOn.length === 0) denyStart(cluster, leaf, dependency);
    else loseTicket(cluster, leaf, dependency);
  }
}

/** What is to be promoted only may run unpromoted without its ticket, unless it is to stop. */
function denyStart(cluster: Cluster, leaf: Resource, { ticket, role, policy }: Dependency): void {
  if (role !== "Promoted" || policy === "stop") banEverywhere(cluster, leaf, ban("ticket", absence(ticket), ticket.id));
}

function loseTicket(cluster: Cluster, leaf: Resource, { ticket, role, policy }: Dependency): void {
  const concerned = role === "Unknown" || role === leaf.role;
  const term = ban("ticket", absence(ticket), ticket.id);
  switch (policy) {
    case "stop":
      banEverywhere(cluster, leaf, term);
      return;
    case "demote":
      if (role !== "Promoted") banEverywhere(cluster, leaf, term);
      return;
    case "fence":
      if (!concerned) return;
      banEverywhere(cluster, leaf, term);
      for (const node of leaf.runningOn) markForFencing(node, "deadman ticket was lost");
      return;
    case "freeze":
      if (!concerned) return;
      leaf.managed = false;
      leaf.blocked = true;
      cluster.warnings.push(`${leaf.id} is left as it is: ${absence(ticket)}, and loss-policy is freeze`);
      return;
  }
}

function absence(ticket: Ticket): string {
  return ticket.granted ? `ticket ${ticket.id} is in standby` : `ticket ${ticket.id} is not granted`;
}

export type { Command, CommandOutcome, LostNode, ResourceReason, ViewMember } from "./command.ts";

/** Deliberate faults of the program: each must be found by the checkers, or the checkers are worth nothing. */
export const MUTATIONS = ["vote-not-synced", "stale-term-obeyed", "fence-timeout-is-success", "start-before-claim", "view-by-minority"] as const;
export type Mutation = (typeof MUTATIONS)[number];

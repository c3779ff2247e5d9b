/** Scores: integers where 1000000 is INFINITY and -INFINITY beats everything (2-assignment A1). */
export { addScores, INFINITY_SCORE as INFINITY } from "@quorate/cib";
import { INFINITY_SCORE as INFINITY } from "@quorate/cib";

/** As administrators write it. */
export function scoreText(score: number): string {
  if (score >= INFINITY) return "INFINITY";
  return score <= -INFINITY ? "-INFINITY" : String(score);
}

/** Nearest 32-bit float: colocation factors are single precision in the reference (2-assignment A8). */
export function scoreFactor(score: number): number {
  return Math.fround(score / INFINITY);
}

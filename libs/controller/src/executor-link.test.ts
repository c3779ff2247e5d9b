import { expect, test } from "vitest";
import type { Authority } from "@quorate/core";
import type { ExecutorReply, ExecutorRequest, RefusalReason } from "@quorate/execution";
import { type CommandBody, ExecutorLink, type LinkNews, type OutgoingRequest } from "./executor-link.ts";

const FIRST: Authority = { term: 2, view: 5 };
const NEXT: Authority = { term: 2, view: 6 };
const START: CommandBody = { kind: "forget", resource: "r" };

/**
 * A script of what happens to a link, and the trace of what it says. Steps: `send:T` `tick:MS` `claim` `claim2` (a new view) `claimed:S` `accepted:N`
 * `refused:REASON[:EXPECTED[:SESSION]]`, `late:` before a reply: it answers the first request ever made. `ack:N`, `wait` (in flight there).
 */
function trace(script: string): string {
  let token = 0;
  let nowMs = 0;
  const link = new ExecutorLink({ node: "n", authority: FIRST, nextToken: () => ++token }, nowMs);
  const step = (text: string): string => {
    const late = text.startsWith("late:");
    const [verb, ...words] = (late ? text.slice(5) : text).split(":");
    const receive = (reply: ExecutorReply): string => {
      const { news, send } = link.receive(late ? 1 : token, reply, nowMs);
      return [...news.map(newsText), ...send.map(requestText)].join(" ");
    };
    switch (verb) {
      case "send":
        return link.send(words[0]!, START, nowMs).map(requestText).join(" ");
      case "tick":
        nowMs += Number(words[0]);
        return link.tick("dc", nowMs).map(requestText).join(" ");
      case "claim":
        return requestText(link.claim(FIRST, "dc", nowMs));
      case "claim2":
        return requestText(link.claim(NEXT, "dc", nowMs));
      case "wait":
        link.reclaimLater(nowMs);
        return "";
      case "ack":
        return link.acknowledge(Number(words[0])).map(requestText).join(" ");
      case "claimed":
        return receive({ kind: "claimed", node: "n", bootId: "b", session: words[0]!, authority: link.authority, history: [], inFlight: [] });
      case "accepted":
        return receive({ kind: "accepted", sequence: Number(words[0]) });
      default:
        return receive({ kind: "refused", reason: words[0] as RefusalReason, expected: Number(words[1] ?? 1), session: words[2] ?? "S", authority: words[0] === "stale-authority" ? NEXT : FIRST, message: "no" });
    }
  };
  return script.split(" ").map(step).join(" | ");
}

function requestText({ request }: OutgoingRequest): string {
  return `${request.kind}${"sequence" in request ? `#${request.sequence}` : ""}${extra(request)}`;
}

function extra(request: ExecutorRequest): string {
  if (request.kind === "claim") return `(${request.authority.view})`;
  if (request.kind === "acknowledge") return `(${request.reportSequence},${request.session})`;
  return "";
}

function newsText(news: LinkNews): string {
  if (news.kind === "taken" || news.kind === "refused") return `${news.kind}(${news.tags.join(",")})`;
  return news.kind === "claimed" && news.restarted ? "claimed-restarted" : news.kind;
}

test.each([
  { name: "commands wait for the claim", script: "claim send:x claimed:S accepted:1", want: "claim(5) |  | claimed forget#1 | taken(x)" },
  { name: "commands are numbered from 1 in a session", script: "claim claimed:S send:x send:y accepted:2", want: "claim(5) | claimed | forget#1 | forget#2 | taken(x,y)" },
  { name: "an unanswered claim is repeated, and the answer to the first will do", script: "claim tick:299 tick:1 late:claimed:S", want: "claim(5) |  | claim(5) | claimed" },
  { name: "an unanswered command is repeated after a pause", script: "claim claimed:S send:x tick:299 tick:1", want: "claim(5) | claimed | forget#1 |  | forget#1" },
  { name: "silence is broken by a sign of life each second", script: "claim claimed:S tick:999 tick:1 tick:999", want: "claim(5) | claimed |  | acknowledge(0,S) | " },
  { name: "a gap sends everything from there again, once for all the refusals it causes", script: "claim claimed:S send:x send:y send:z accepted:1 refused:out-of-order:2 refused:out-of-order:2 tick:300 refused:out-of-order:2",
    want: "claim(5) | claimed | forget#1 | forget#2 | forget#3 | taken(x) | forget#2 forget#3 |  | forget#2 forget#3 | forget#2 forget#3" },
  { name: "a later gap is filled at once", script: "claim claimed:S send:x send:y refused:out-of-order:1 accepted:1 refused:out-of-order:2", want: "claim(5) | claimed | forget#1 | forget#2 | forget#1 forget#2 | taken(x) | forget#2" },
  { name: "without quorum there, the tick repeats and nothing else does", script: "claim claimed:S send:x send:y refused:no-quorum:1 refused:out-of-order:1 refused:out-of-order:1 tick:300", want: "claim(5) | claimed | forget#1 | forget#2 |  |  |  | forget#1 forget#2" },
  { name: "an overloaded executor is left alone until the tick", script: "claim claimed:S send:x refused:overloaded:1 tick:300", want: "claim(5) | claimed | forget#1 |  | forget#1" },
  { name: "a command that cannot be is refused for good", script: "claim claimed:S send:x send:y refused:invalid:2", want: "claim(5) | claimed | forget#1 | forget#2 | refused(y)" },
  { name: "so is one for a node that leaves", script: "claim claimed:S send:x refused:closed:1", want: "claim(5) | claimed | forget#1 | refused(x)" },
  { name: "another session: it restarted", script: "claim claimed:S send:x refused:wrong-session:1:T", want: "claim(5) | claimed | forget#1 | restarted" },
  { name: "a refusal that names our session is no restart", script: "claim claimed:S send:x refused:wrong-session:1:S", want: "claim(5) | claimed | forget#1 | " },
  { name: "a newer authority deposes", script: "claim claimed:S send:x refused:stale-authority", want: "claim(5) | claimed | forget#1 | deposed" },
  { name: "a new view claims again, and what was not taken follows", script: "claim claimed:S send:x send:y accepted:1 claim2 claimed:S", want: "claim(5) | claimed | forget#1 | forget#2 | taken(x) | claim(6) | claimed forget#1" },
  { name: "a restart seen by the claim of a new view: what was not taken is forgotten", script: "claim claimed:S send:x claim2 claimed:T send:y", want: "claim(5) | claimed | forget#1 | claim(6) | claimed-restarted | forget#1" },
  { name: "a late answer of the session before takes nothing for done", script: "claim claimed:S send:x claim2 claimed:S late:accepted:4 accepted:1", want: "claim(5) | claimed | forget#1 | claim(6) | claimed forget#1 |  | taken(x)" },
  { name: "a late refusal of the session before proves nothing", script: "claim claimed:S claim2 claimed:T late:refused:wrong-session:1:S", want: "claim(5) | claimed | claim(6) | claimed-restarted | " },
  { name: "an old answer to a claim says nothing of what is in flight now", script: "claim claimed:S wait late:claimed:S tick:300 claimed:S", want: "claim(5) | claimed |  |  | claim(5) | claimed" },
  { name: "a second answer to a claim changes nothing", script: "claim claimed:S claimed:T send:x", want: "claim(5) | claimed |  | forget#1" },
  { name: "acknowledgements never go back, and wait for a session", script: "ack:3 claim claimed:S ack:5 ack:4", want: " | claim(5) | claimed | acknowledge(5,S) | acknowledge(5,S)" },
  { name: "reports are numbered anew in a session, and nothing of the last one acknowledges them", script: "claim claimed:S ack:7 claim claimed:T tick:1000 ack:2", want: "claim(5) | claimed | acknowledge(7,S) | claim(5) | claimed-restarted | acknowledge(0,T) | acknowledge(2,T)" },
])("$name", ({ script, want }) => expect(trace(script)).toBe(want));

test("any answer, however old, ends the silence; asking does not", () => {
  let token = 0;
  const link = new ExecutorLink({ node: "n", authority: FIRST, nextToken: () => ++token }, 0);
  link.claim(FIRST, "dc", 0);
  link.tick("dc", 4_000);
  expect(link.silentMs(4_000)).toBe(4_000);
  link.receive(0, { kind: "accepted", sequence: 0 }, 4_100);
  expect(link.silentMs(4_200)).toBe(100);
});

import { expect, test, vi } from "vitest";
import { runProcess } from "./spawn.ts";

test("a process that not even SIGKILL ends, for it waits for a disk, has timed out all the same", { timeout: 20_000 }, async () => {
  const kill = process.kill.bind(process);
  const deaf = vi.spyOn(process, "kill").mockImplementation((pid, signal) => (signal === "SIGKILL" ? true : kill(pid, signal)));
  const run = runProcess({ command: "/bin/sleep", args: ["60"], env: {}, timeoutMs: 100 });
  try {
    const result = await Promise.race([run.result, new Promise<string>((resolve) => setTimeout(resolve, 8_000, "no result"))]);
    expect(result).toMatchObject({ code: null, timedOut: true });
  } finally {
    deaf.mockRestore();
    run.kill();
  }
});

/** Operations as crm_simulate writes them on its command line: `RESOURCE_TASK_INTERVAL@NODE=RC`. Pure. */

export interface OperationSpec {
  /** As it was written. */
  readonly text: string;
  /** Id of the resource; instances of clones may have their number. */
  readonly resource: string;
  readonly task: string;
  readonly intervalMs: number;
  readonly node: string;
  /** OCF exit code. */
  readonly rc: number;
}

const FORM = /^(.+)_([a-z][a-z-]*)_(\d+)@([^=]+)=(\d+)$/;
/** Tasks with an underscore: what stands before it belongs to the task, not to the resource. */
const TWO_WORDS = /^(.+)_(migrate)$/;

/** Null when it has another form. */
export function parseOperationSpec(text: string): OperationSpec | null {
  const [, left, word, interval, node, rc] = FORM.exec(text) ?? [];
  if (left === undefined || word === undefined || node === undefined) return null;
  const migration = word === "to" || word === "from" ? TWO_WORDS.exec(left) : null;
  const resource = migration?.[1] ?? left;
  return { text, resource, task: migration === null ? word : `migrate_${word}`, intervalMs: Number(interval), node, rc: Number(rc) };
}

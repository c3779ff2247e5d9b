const SECRET_NAME = /pass|pwd|secret|token|community|key|cred/i;
const LENGTH_MIN = 3;

/** Puts `[redacted]` in place of the values of parameters whose names look secret. What agents say may repeat what they were told. */
export function redact(text: string, parameters: Readonly<Record<string, string>>): string {
  const secrets = Object.entries(parameters).filter(([name, value]) => SECRET_NAME.test(name) && value.length >= LENGTH_MIN);
  secrets.sort(([, a], [, b]) => b.length - a.length); // one that holds another goes first, or its rest would stay
  return secrets.reduce((clean, [, value]) => clean.replaceAll(value, "[redacted]"), text);
}

export { FEATURE_SET, compareVersions, emptyCib, formatVersion, loadCib, makeCib, parseCib, readVersion, serializeCib } from "./cib.ts";
export { checkCib } from "./check-cib.ts";
export type { CheckOptions } from "./check-cib.ts";
export { digestCib, digestElement } from "./digest.ts";
export {
  attribute, child, children, descendants, equalElements, findById, makeElement, sameIdentity, withAttribute, withAttributes, withChild, withChildren,
  withSection, withoutChild,
} from "./element.ts";
export { liveErrors, runtimeWarnings } from "./live-limits.ts";
export { clusterOption, readNvpairs, setsByPrecedence } from "./nvpair.ts";
export { applyOperation, updateStatus } from "./operation.ts";
export { XML_LIMITS, parseXml } from "./parse-xml.ts";
export type { XmlLimits } from "./parse-xml.ts";
export { SECRET_MASK, isSecretName, maskSecrets } from "./secrets.ts";
export { serializeXml } from "./serialize-xml.ts";
export type { SerializeOptions } from "./serialize-xml.ts";
export type { Cib, CibError, CibOperation, CibSection, CibVersion, LoadedCib, XmlElement } from "./types.ts";
export { SCHEMA_NAME, upgradeCib } from "./upgrade.ts";
export type { Upgraded } from "./upgrade.ts";
export {
  DEFAULT_TIMEOUT_MS, INFINITY_SCORE, INTERVAL_MS_MAX, addScores, isTrue, parseBoolean, parseIntegerFrom, parseIntervalMs, parseScore, parseTimeMs,
  parseTimeoutMs,
} from "./values.ts";
export type { HealthScores } from "./values.ts";

export type { Cib, CibError, CibOperation, CibSection, CibVersion, LoadedCib, XmlElement } from "./types.ts";

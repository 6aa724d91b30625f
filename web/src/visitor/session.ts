/** The visitor's session in a browser: pinned to the organisation, on the line that the page's address names. */

import { org } from "/org.js";
import { browserSurroundings, type Surroundings } from "../wire/surroundings.ts";
import { Visit } from "./session-visit.ts";
import type { VisitorSession } from "./state.ts";

/** `/l/<line>` is a line's page; `/` is that of the first one. */
function lineOf(path: string): string {
  return /^\/l\/([a-z0-9][a-z0-9-]*)$/.exec(path)?.[1] ?? org.line;
}

export function createVisitorSession(surroundings: Surroundings = browserSurroundings()): VisitorSession {
  return new Visit(surroundings, { ...org, line: lineOf(location.pathname) });
}

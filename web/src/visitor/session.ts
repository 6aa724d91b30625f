/** The visitor's session in a browser: pinned to the organisation, on the line that the page's address names. */

import { org } from "/org.js";
import { browserSurroundings, type Surroundings } from "../wire/surroundings.ts";
import { lineOf } from "./line.ts";
import { Visit } from "./session-visit.ts";
import type { VisitorSession } from "./state.ts";

export function createVisitorSession(surroundings: Surroundings = browserSurroundings()): VisitorSession {
  return new Visit(surroundings, { ...org, line: lineOf(location.pathname) });
}

/** Which line this page belongs to: `/l/<line>` is a line's page; `/` is that of the first one. */

import { org } from "/org.js";

export function lineOf(path: string): string {
  return /^\/l\/([a-z0-9][a-z0-9-]*)$/.exec(path)?.[1] ?? org.line;
}

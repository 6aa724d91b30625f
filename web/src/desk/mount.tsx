/** One desk in one window. */

import { render } from "preact";
import { App } from "./App.tsx";
import { createDesk } from "./desk.ts";
import type { DeskSession } from "./state.ts";
import { tellPage } from "./words.ts";

export function mount(root: HTMLElement, session: DeskSession): void {
  tellPage();
  render(<App desk={createDesk(session)} />, root);
}

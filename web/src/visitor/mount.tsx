/** One life of the page: from a plain start to leaving, and a new one when the browser brings it back. */

import { render } from "preact";
import { org } from "/org.js";
import { keepHeaderInSight } from "../ui/viewport.ts";
import { App } from "./App.tsx";
import { coverOutOfSight, lift } from "./cover.ts";
import { forget, leave, type Page, watchShift } from "./exit.ts";
import { asksToHide, hiding } from "./hiding.ts";
import type { VisitorSession } from "./state.ts";
import { tellPage } from "./words.ts";

interface Life {
  readonly page: Page;
  readonly listening: AbortController;
}

export function mount(root: HTMLElement, createSession: () => VisitorSession): void {
  function begin(): Life {
    const session = createSession();
    const listening = new AbortController();
    const page: Page = { wipe: () => session.wipe(), clear: () => render(null, root) };
    const goAway = (): void => leave(page, listening, org.exitUrl);
    watchShift(goAway, listening.signal);
    hiding.value = asksToHide(location.pathname);
    root.replaceChildren(); // the page's own exit, which needs no script
    render(<App session={session} leave={goAway} again={again} />, root);
    return { page, listening };
  }

  function finish(): void {
    life.listening.abort();
    forget(life.page);
  }

  function again(): void {
    finish();
    lift();
    life = begin();
  }

  tellPage();
  keepHeaderInSight();
  coverOutOfSight();
  let life = begin();
  // These two stay when the visitor leaves: they are what makes "Back" find nothing.
  addEventListener("pagehide", finish);
  addEventListener("pageshow", (event) => {
    if (event.persisted) again();
  });
}

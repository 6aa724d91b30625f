/** How to hide a visit: what to erase and what not, a private window, and what nobody can promise. */

import { HIDE_PAGE, hiding } from "./hiding.ts";
import { Sheet } from "./Sheet.tsx";
import { say } from "./words.ts";

/** Opens over the page, so that nothing is added to the browser's history; without JavaScript it is a page. */
export function HideLink() {
  function open(event: MouseEvent): void {
    event.preventDefault();
    hiding.value = true;
  }
  return (
    <a class="pill outline" href={HIDE_PAGE} onClick={open}>
      {say("hide")}
    </a>
  );
}

/** The same sentences in the same order as in `more.html`. */
export function Hide({ leave }: { leave: () => void }) {
  const close = (): void => {
    hiding.value = false;
  };
  return (
    <Sheet id="hide" title={say("hide")} leave={leave} close={close}>
      <p class="card">
        {say("safe.p")} {say("hide.site")}
      </p>
      <h3>{say("hide.erase")}</h3>
      <p>{say("hide.how")}</p>
      <p>{say("safe.tip")}</p>
      <p>{say("hide.more")}</p>
      <h3>{say("hide.private")}</h3>
      <p>{say("hide.window")}</p>
      <p>{say("hide.words")}</p>
      <h3>{say("hide.cannot")}</h3>
      <p>{say("safe.spy")}</p>
      <p>{say("hide.wifi")}</p>
      <p>{say("hide.device")}</p>
      <p>{say("closed.bill")}</p>
      <button type="button" class="pill outline go" onClick={close}>
        {say("hide.back")}
      </button>
    </Sheet>
  );
}

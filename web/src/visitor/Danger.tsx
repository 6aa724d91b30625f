/** 112 and the suicide line, in sight for as long as somebody waits or talks: small, calm, one press. */

import { Icon } from "../ui/Icon.tsx";
import { say } from "./words.ts";

export function Danger() {
  return (
    <nav class="danger" aria-label={say("112.h")}>
      <div class="column">
        <a class="pill" href="tel:112">
          <Icon name="phone" />
          {say("112.call")}
        </a>
        <a class="pill" href="tel:113">
          <Icon name="phone" />
          {say("113.call")}
        </a>
      </div>
    </nav>
  );
}

/** Three shares of a key that nobody has, as the ceremony shows them. The page says "done" in its title. */

import { render } from "preact";
import { random } from "../../src/crypto/bytes.ts";
import { SharedKey, type Sharing, split, toPaper } from "../../src/crypto/shares.ts";
import { Shares } from "../../src/desk/Shares.tsx";
import { tellPage } from "../../src/desk/words.ts";

const sharing: Sharing = { key: SharedKey.RECOVERY, organisation: "luwte", shares: 3, threshold: 2 };
const root = document.getElementById("app");
const shares = await split(random(32), sharing);
const papers = await Promise.all(shares.map((share) => toPaper(share, sharing.organisation)));

function done(): void {
  document.title = "done";
}
tellPage();
if (root !== null) {
  render(
    <main class="door">
      <h1>Luwte</h1>
      <Shares papers={papers} onDone={done} />
    </main>,
    root,
  );
}

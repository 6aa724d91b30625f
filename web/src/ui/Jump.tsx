/** Says that there is more below. Going there is up to the reader. */

import { Icon } from "./Icon.tsx";

export function Jump({ shown, word, go }: { shown: boolean; word: string; go: () => void }) {
  if (!shown) return null;
  return (
    <div class="jump">
      <button type="button" class="pill full arrives" onClick={go}>
        <Icon name="down" />
        {word}
      </button>
    </div>
  );
}

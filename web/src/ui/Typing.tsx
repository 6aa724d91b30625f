/** Somebody is really typing: shown from real keys only, with words beside the dots. */
export function Typing({ word, on }: { word: string; on: boolean }) {
  return (
    <div class="typing" aria-hidden="true">
      {on && (
        <>
          <span class="dots">
            <i />
            <i />
            <i />
          </span>
          {word}
        </>
      )}
    </div>
  );
}

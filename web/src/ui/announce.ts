/**
 * Two voices for screen readers. Both elements stand in the page's HTML: a live region that comes
 * together with its text is often not read at all.
 */

function speak(id: "status" | "alert", text: string): void {
  const voice = document.getElementById(id);
  if (voice === null) return; // the page was left
  voice.textContent = "";
  // The same words twice are only heard twice when there was silence between them.
  setTimeout(() => {
    voice.textContent = text;
  }, 40);
}

/** For what can wait until the reader has finished its sentence. */
export const announce = (text: string): void => speak("status", text);

/** For what cannot wait. */
export const alarm = (text: string): void => speak("alert", text);

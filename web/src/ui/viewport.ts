/** iOS slides the whole page up under its keyboard. The header, with the exit in it, comes along down. */

export function keepHeaderInSight(): void {
  const viewport = window.visualViewport;
  if (viewport === null) return;
  const follow = (): void => {
    document.documentElement.style.setProperty("--slid", `${Math.max(0, viewport.offsetTop)}px`);
  };
  viewport.addEventListener("resize", follow);
  viewport.addEventListener("scroll", follow);
}

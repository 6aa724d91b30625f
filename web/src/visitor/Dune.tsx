/** The one decoration: a dune line between the lee above and the page below. */
export function Dune() {
  return (
    <svg class="dune" viewBox="0 0 360 48" preserveAspectRatio="none" aria-hidden="true">
      <path class="far" d="M0 22c70-2 130 18 200 18C260 40 300 16 360 14V48H0z" />
      <path class="near" d="M0 36c70-8 150 14 220 12 55-2 90-24 140-24V48H0z" />
    </svg>
  );
}

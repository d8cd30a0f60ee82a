/** Line icons on a 20-unit grid. */

const PATHS = {
  sun: "M10 6.2a3.8 3.8 0 1 1 0 7.6 3.8 3.8 0 0 1 0-7.6ZM10 1.8v1.7M10 16.500v1.7M18.200 10h-1.700M3.500 10H1.800M15.800 4.200l-1.200 1.200M5.400 14.600l-1.200 1.200M15.800 15.800l-1.200-1.200M5.400 5.400 4.200 4.200",
  moon: "M16.500 12.200A7 7 0 0 1 7.800 3.500a7 7 0 1 0 8.700 8.700Z",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  fit: "M3 7V3.500h4M13 3.500h4V7M17 13v3.500h-4M7 16.500H3V13",
  close: "m5 5 10 10M15 5 5 15",
  follow: "M10 6.500a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7ZM10 2v3M10 15v3M2 10h3M15 10h3",
  panels: "M3 4h14v12H3ZM7.500 4v12M13 4v12",
  full: "M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4",
  grid: "M3.500 3.500h5v5h-5ZM11.500 3.500h5v5h-5ZM3.500 11.500h5v5h-5ZM11.500 11.500h5v5h-5Z",
  map: "m3 5.200 4.700-2 4.600 2 4.700-2v11.600l-4.700 2-4.600-2-4.700 2ZM7.700 3.200v11.600M12.300 5.200v11.600",
  check: "m4.500 10.500 3.600 3.600 7.400-8",
} as const;

export function Icon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

// Unpacks the Chromium of the npm package @sparticuz/chromium, with the libraries it needs, into the folder given.
// Run by ./jinyun test where the machine has no browser; leaves an executable `chromium` there.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const folder = process.argv[2];
const temporary = join(folder, "unpacked");
mkdirSync(temporary, { recursive: true });
process.env.TMPDIR = temporary;
const { default: chromium } = await import("@sparticuz/chromium");
const program = await chromium.executablePath();
const own = join(folder, "chromium-bin");
copyFileSync(program, own);
chmodSync(own, 0o755);
for (const side of ["swiftshader.tar.br", "al2023.tar.br"]) {
  const packed = join(folder, "node_modules/@sparticuz/chromium/bin", side);
  if (!existsSync(packed)) continue;
  const tar = join(temporary, side.replace(".br", ""));
  writeFileSync(tar, brotliDecompressSync(readFileSync(packed)));
  execFileSync("tar", ["-xf", tar, "-C", temporary]);
}
const libraries = [join(temporary, "al2023", "lib"), join(temporary, "lib"), temporary].join(":");
const wrapper = join(folder, "chromium");
writeFileSync(wrapper, `#!/bin/sh\nLD_LIBRARY_PATH="${libraries}:$LD_LIBRARY_PATH" exec "${own}" "$@"\n`);
chmodSync(wrapper, 0o755);

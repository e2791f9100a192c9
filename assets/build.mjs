// Compiles panel.css and copies what the pages need into ../static. Run by `npm run build`; never in production.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const assets = dirname(fileURLToPath(import.meta.url));
const root = dirname(assets);
const out = join(root, "static", "panel.css");
const vendor = join(root, "static", "vendor");

/** Every word that a template or script of ours holds: a class that is not among them styles nothing. */
function wordsInUse() {
  const files = [join(root, "static", "panel.js"), ...walk(join(root, "templates")), ...walk(join(root, "static", "js"))];
  return new Set(files.flatMap((file) => readFileSync(file, "utf8").match(/[A-Za-z][\w-]*/g) ?? []));
}

function walk(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(html|js)$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Basecoat's theme comes in one file for all its components: leaves out the rules whose classes nobody uses. */
function usedRules(css, words) {
  const kept = [];
  let depth = 0;
  let start = 0;
  const text = css.replace(/\/\*[^]*?\*\//g, "");
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "{" && ++depth === 1) start = at + 1; // the opening of "@layer components"
    if (text[at] !== "}" || --depth > 1) continue;
    if (depth === 1) kept.push(text.slice(start, (start = at + 1)));
  }
  const isUsed = (rule) => {
    const classes = [...rule.slice(0, rule.indexOf("{")).matchAll(/\.([a-z][\w-]*)/g)].map((match) => match[1]);
    return classes.length === 0 || classes.some((name) => words.has(name));
  };
  return `@layer components {${kept.filter(isUsed).join("")}\n}\n`;
}

function version(name) {
  return JSON.parse(readFileSync(join(assets, "node_modules", name, "package.json"), "utf8"));
}

function sha256(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

const theme = readFileSync(join(assets, "node_modules", "basecoat-css", "dist", "styles", "nova.css"), "utf8");
mkdirSync(join(assets, "build"), { recursive: true });
writeFileSync(join(assets, "build", "nova.css"), usedRules(theme, wordsInUse()));
execFileSync(join(assets, "node_modules", ".bin", "tailwindcss"), ["--minify", "-i", "panel.css", "-o", out], {
  cwd: assets,
  stdio: ["ignore", "ignore", "inherit"],
});

rmSync(vendor, { recursive: true, force: true });
mkdirSync(join(vendor, "inter"), { recursive: true });
const rows = [];
for (const name of ["inter-latin-wght-normal.woff2", "inter-latin-ext-wght-normal.woff2", "LICENSE"]) {
  const from = join(assets, "node_modules", "@fontsource-variable", "inter", name === "LICENSE" ? name : join("files", name));
  const to = join(vendor, "inter", name);
  copyFileSync(from, to);
  rows.push(["Inter (@fontsource-variable/inter)", version("@fontsource-variable/inter"), `vendor/inter/${name}`, sha256(to)]);
}
for (const [name, licence] of [["tailwindcss", "LICENSE"], ["basecoat-css", "LICENSE.md"]]) {
  copyFileSync(join(assets, "node_modules", name, licence), join(vendor, `LICENSE.${name}`));
  rows.push([name, version(name), `panel.css (licence: vendor/LICENSE.${name})`, sha256(out)]);
}
writeFileSync(
  join(root, "static", "VENDOR.md"),
  `# Parts of others in this folder

Written by \`npm run build\` in assets/; do not edit. htmx comes from the Python package django-htmx, icons from lucide.

| part | version | licence | file | sha256 |
|---|---|---|---|---|
${rows.map(([part, { version: number, license }, file, hash]) => `| ${part} | ${number} | ${license} | ${file} | ${hash} |`).join("\n")}
`,
);
console.log(`static/panel.css: ${(statSync(out).size / 1024).toFixed(0)} KiB`);

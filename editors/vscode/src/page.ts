/** The page that shows a step graph: one drawing, no script, nothing from outside. Knows nothing of the editor. */

import { draw, type Box, type Graph, type Line } from "./graph";

export function page(graph: Graph): string {
  const drawing = draw(graph);
  const lines = drawing.lines.map(lineOf).join("");
  const boxes = drawing.boxes.map(boxOf).join("");
  const { left, width, height } = drawing;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(graph.title)}</title>
<style>
body { color: var(--vscode-editor-foreground); font-family: var(--vscode-font-family); padding: 12px; }
svg { font-family: var(--vscode-editor-font-family, monospace); font-size: 12px; }
rect { fill: var(--vscode-editorWidget-background); stroke: var(--vscode-focusBorder); }
text { fill: var(--vscode-editor-foreground); }
.label { font-weight: bold; }
.detail, .edge { fill: var(--vscode-descriptionForeground); }
/* Words over a line stay readable. */
.edge { paint-order: stroke; stroke: var(--vscode-editor-background); stroke-width: 4px; }
path.line { fill: none; stroke: var(--vscode-descriptionForeground); }
path.back { stroke-dasharray: 4 3; }
#arrow path { fill: var(--vscode-descriptionForeground); }
pre { white-space: pre-wrap; font-family: var(--vscode-editor-font-family, monospace); }
</style>
</head>
<body>
<h2>${escape(graph.title)}</h2>
<svg role="img" aria-label="${escape(graph.title)}" width="${width}" height="${height}" viewBox="${left} 0 ${width} ${height}">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>
${lines}${boxes}
</svg>
${graph.text === "" ? "" : `<details open><summary>In words</summary><pre>${escape(graph.text)}</pre></details>`}
</body>
</html>
`;
}

function boxOf(box: Box): string {
  const rows = box.lines
    .map((text, row) => {
      const kind = row === 0 ? "label" : "detail";
      return `<text class="${kind}" x="${box.x + 10}" y="${box.y + 22 + row * 17}">${escape(text)}</text>`;
    })
    .join("");
  const title = [box.node.label, box.node.detail ?? ""].join("\n").trim();
  return `<g><title>${escape(title)}</title><rect rx="5" x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}"/>${rows}</g>`;
}

function lineOf(line: Line): string {
  const label = line.edge.label
    ? `<text class="edge" text-anchor="middle" x="${line.label.x}" y="${line.label.y}">${escape(line.edge.label)}</text>`
    : "";
  return `<path class="line${line.back ? " back" : ""}" marker-end="url(#arrow)" d="${line.path}"/>${label}`;
}

function escape(text: string): string {
  const signs: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign);
}

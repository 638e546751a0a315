// Parses each file named with Mermaid itself and prints one line of JSON for it: its kind, nodes and edges, or the error.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

for (const path of process.argv.slice(2)) {
  const text = readFileSync(path, "utf8");
  try {
    const { diagramType } = await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    const nodes = [...db.getVertices().keys()].length;
    console.log(JSON.stringify({ kind: diagramType, nodes, edges: db.getEdges().length }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }
}

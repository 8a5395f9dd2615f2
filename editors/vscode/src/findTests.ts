/** Finds the tests in a text, without the compiler, so that they show while the text is broken. Knows nothing of the editor. */

export interface Found {
  name: string;
  /** From 0. */
  line: number;
  /** Where `test` begins and where its name ends, from 0. */
  start: number;
  end: number;
}

const TEST = /^(\s*)test\s*"((?:[^"\\]|\\.)*)"/;

export function findTests(text: string): Found[] {
  const found: Found[] = [];
  text.split(/\r?\n/).forEach((content, line) => {
    const match = TEST.exec(content);
    if (!match) return;
    const start = match[1]?.length ?? 0;
    found.push({ name: unescape(match[2] ?? ""), line, start, end: match[0].length });
  });
  return found;
}

/** The name as the compiler reports it. */
function unescape(text: string): string {
  return text.replace(/\\(?:u\{([0-9A-Fa-f]+)\}|(.))/g, (whole, hex?: string, sign?: string) => {
    if (hex !== undefined) {
      const number = Number.parseInt(hex, 16);
      return number <= 0x10ffff ? String.fromCodePoint(number) : whole;
    }
    if (sign === "n") return "\n";
    if (sign === "t") return "\t";
    return sign ?? whole;
  });
}

import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Result } from './rounds.js';

/** One line of the table: what was measured, beside what, and whether the goal was met. */
export interface Line {
  readonly name: string;
  readonly value: number;
  /** How the value reads: a ratio, a percentage, or a unit. */
  readonly unit: '×' | '%' | 'µs' | 's' | 'MB' | 'statements';
  /** null: shown for what it is, no goal. */
  readonly goal: { readonly atLeast: number } | { readonly atMost: number } | null;
  /** What was measured in plain words, such as both sides' requests per second. */
  readonly detail: string;
}

export const isMet = ({ value, goal }: Line): boolean | null =>
  goal === null ? null : 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;

const digits = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2);

export const figures = ({ perSecond, p50Ms, p99Ms, cpuMs }: Result): string =>
  `${digits(perSecond)}/s, p50 ${digits(p50Ms)} ms, p99 ${digits(p99Ms)} ms, cpu ${digits(cpuMs)} ms`;

export function table(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const met = isMet(line);
    const goal =
      line.goal === null ? '' : 'atLeast' in line.goal ? `≥ ${line.goal.atLeast}` : `≤ ${line.goal.atMost}`;
    return [
      line.name,
      `${digits(line.value)} ${line.unit}`,
      goal,
      met === null ? '' : met ? 'met' : 'NOT MET',
      line.detail,
    ];
  });
  const all = [['what', 'figure', 'goal', '', 'detail'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What the figures depend on. */
export const machine = (): object => ({
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  cores: availableParallelism(),
  processor: cpus()[0]?.model ?? 'unknown',
  memoryGb: Math.round(totalmem() / 2 ** 30),
});

export function writeResults(path: string, results: object): void {
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

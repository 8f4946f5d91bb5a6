import { parseArgs } from 'node:util';

export const SECTIONS = ['inbox', 'decide', 'submit', 'core', 'shield', 'timers', 'start'] as const;
export type Section = (typeof SECTIONS)[number];

export interface Arguments {
  readonly only: readonly Section[];
  /** Fewer rows, rounds and requests: to see that the bench runs, not to read its figures. */
  readonly quick: boolean;
  /** A folder for the CPU profile of the product's process. */
  readonly profile: string | undefined;
}

/** @throws Error naming what is unknown */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const only = values.only?.split(',') ?? SECTIONS;
  const unknown = only.filter((name) => !(SECTIONS as readonly string[]).includes(name));
  if (unknown.length > 0)
    throw new Error(`unknown section ${unknown.join(', ')}; there are ${SECTIONS.join(', ')}`);
  return { only: only as Section[], quick: values.quick, profile: values.profile };
}

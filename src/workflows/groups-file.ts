import { z } from 'zod';
import { keySchema, localised, type Localised } from './process.js';

// Groups as packs write them (kind: groups): a circle of people with a name, such as a change board.

/** A group that a pack brings, with its first members by e-mail address; from then on the organisation keeps it. */
export interface GroupTemplate {
  readonly key: string;
  readonly title: Localised;
  readonly members: readonly string[];
}

export const groupsSchema = z.strictObject({
  kind: z.literal('groups'),
  groups: z
    .array(
      z.strictObject({
        key: keySchema,
        title: localised,
        members: z.array(z.email().toLowerCase()).max(200).default([]),
      }),
    )
    .min(1)
    .max(200),
});

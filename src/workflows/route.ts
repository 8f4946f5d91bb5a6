import { nodesOf, type ProcessDefinition, type StepNode } from './process.js';

interface Place {
  readonly list: readonly StepNode[];
  readonly index: number;
}

/** Where the key stands: its own list last, the lists of the parallel steps around it before. Empty: no such key. */
function placesOf(nodes: readonly StepNode[], key: string): readonly Place[] {
  for (const [index, node] of nodes.entries()) {
    const here: Place = { list: nodes, index };
    if (node.key === key) return [here];
    if (node.kind !== 'parallel') continue;
    for (const branch of node.branches) {
      const inside = placesOf(branch, key);
      if (inside.length > 0) return [here, ...inside];
    }
  }
  return [];
}

/** The keys that must have ended before this step could open, in reading order; a step of a sibling branch is not
 *  among them, because branches run at the same time. */
export const keysBefore = (definition: ProcessDefinition, key: string): string[] =>
  placesOf(definition.steps, key).flatMap(({ list, index }) =>
    [...nodesOf(list.slice(0, index))].map((node) => node.key),
  );

/** The keys of the step and of all that comes after it, in reading order; sibling branches stay out. */
export const keysFrom = (definition: ProcessDefinition, key: string): string[] =>
  placesOf(definition.steps, key)
    .toReversed()
    .flatMap(({ list, index }, height) =>
      [...nodesOf(list.slice(height === 0 ? index : index + 1))].map((node) => node.key),
    );

/** The parallel steps around this one, innermost first. */
export const parallelsAround = (definition: ProcessDefinition, key: string): string[] =>
  placesOf(definition.steps, key)
    .toReversed()
    .slice(1)
    .flatMap(({ list, index }) => list[index]?.key ?? []);

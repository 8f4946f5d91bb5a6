import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { EVENT_TYPES } from '../../src/workflows/events.js';

test('docs/webhooks.md lists them as the code has them', () => {
  const text = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');
  const listed = [...text.slice(text.indexOf('## Event types')).matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)];
  expect(listed.map(([, name, description]) => [name, description])).toEqual(
    Object.entries(EVENT_TYPES).map(([name, { en }]) => [name, en]),
  );
});

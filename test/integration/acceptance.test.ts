import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PACKS_FOLDER } from '../../src/app.js';
import { readPackFolders } from '../../src/commands/approvals/pack-files.js';
import { parseCalendars, parsePacks } from '../../src/workflows/pack.js';
import { SUBJECT_TYPES } from '../../src/workflows/subject-types.js';
import { playCase, readSchema } from '../support/acceptance-player.js';
import { testApp } from '../support/test-app.js';

const read = await readPackFolders(PACKS_FOLDER);
const { calendars } = parseCalendars(read.calendars);
const known = { roles: [], calendars: calendars.map(({ key }) => key), defaultCalendar: 'china' };
const { packs, findings } = parsePacks(read.folders, SUBJECT_TYPES, known);

test('the shipped packs have no finding', () => {
  expect(findings).toEqual([]);
});

test('every case is listed in docs/coverage.md', async () => {
  const listed = await readFile(path.join(PACKS_FOLDER, '../docs/coverage.md'), 'utf8');
  const ids = packs.flatMap(({ acceptance }) => acceptance.map(({ id }) => id));
  expect(ids.filter((id) => !listed.includes(`\`${id}\``))).toEqual([]);
});

describe.each(packs)('pack $key', ({ key, acceptance }) => {
  for (const one of acceptance) {
    test(`${key} ${one.id}: ${one.title}`, async () => {
      const app = await testApp();
      try {
        await playCase(app, await readSchema(app), one);
        expect(app.errors).toEqual([]);
      } finally {
        await app.close();
      }
    });
  }
});

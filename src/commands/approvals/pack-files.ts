import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { PackFolder } from '../../workflows/pack.js';
import type { PackSource } from '../../workflows/pack-file.js';

/** The folder beside the packs that holds business calendars, which belong to no pack. */
const CALENDARS = 'calendars';

/** The YAML files of one folder, in the order of their names. Paths are as given: findings print them. */
export async function readPackFolder(folder: string): Promise<PackSource[]> {
  const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      return { path: file.split(path.sep).join('/'), text: await readFile(file, 'utf8') };
    }),
  );
}

/** Every pack under a root, and the calendars beside them. */
export async function readPackFolders(
  root: string,
): Promise<{ folders: PackFolder[]; calendars: PackSource[] }> {
  const entries = await readdir(root, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const folders: PackFolder[] = [];
  for (const name of names.filter((name) => name !== CALENDARS).toSorted()) {
    folders.push({ name, files: await readPackFolder(path.join(root, name)) });
  }
  return {
    folders,
    calendars: names.includes(CALENDARS) ? await readPackFolder(path.join(root, CALENDARS)) : [],
  };
}

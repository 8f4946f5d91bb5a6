// Removes compiled files whose source is gone, so that a deleted migration or test can never run again.
// Leaves everything else: a run beside this one keeps its files.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
for (const tree of ['src', 'migrations', 'test']) {
  const built = path.join(root, 'build', tree);
  if (!existsSync(built)) continue;
  for (const file of readdirSync(built, { recursive: true })) {
    const source = path.join(root, tree, file.replace(/\.js(\.map)?$/, '.ts'));
    if (/\.js(\.map)?$/.test(file) && !existsSync(source)) rmSync(path.join(built, file));
  }
}

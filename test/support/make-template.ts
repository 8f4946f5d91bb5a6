import { migrate, openDatabase } from '../../src/database.js';

/** Migrates the empty database named on the command line, by the same code as production. */
const url = process.argv[2];
if (!url) throw new Error('usage: make-template <database url>');
const orm = await openDatabase({ url, poolSize: 2 });
await migrate(orm, url);
await orm.close();

// Checks every pack under packs/ (or under the folder named): `file:line:col message` for each finding and exit code 1,
// or one line per pack.
import { readPackFolders } from '../commands/approvals/pack-files.js';
import { parseCalendars, parsePacks } from '../workflows/pack.js';
import { SUBJECT_TYPES } from '../workflows/subject-types.js';

const root = process.argv[2] ?? 'packs';
const { folders, calendars: calendarFiles } = await readPackFolders(root);
const { calendars, findings: calendarFindings } = parseCalendars(calendarFiles);
const keys = calendars.map((calendar) => calendar.key);
const { packs, findings: packFindings } = parsePacks(folders, SUBJECT_TYPES, {
  roles: [],
  calendars: keys,
  defaultCalendar: keys[0] ?? null,
});
const findings = [...calendarFindings, ...packFindings];

for (const { file, line, column, path, message } of findings) {
  console.log(`${file}:${line}:${column} ${message}${path === '' ? '' : ` (${path})`}`);
}
if (findings.length > 0) process.exitCode = 1;
else {
  for (const pack of packs) {
    const counts = [
      [pack.processes.length, 'processes'],
      [pack.projectTemplates.length, 'project templates'],
      [pack.planTemplates.length, 'plan templates'],
      [pack.forms.length, 'forms'],
      [pack.roles.length, 'roles'],
      [pack.messages.length, 'message templates'],
      [pack.schedules.length, 'schedule rules'],
      [pack.paymentLadders.length, 'payment ladders'],
      [pack.acceptance.length, 'acceptance cases'],
    ] as const;
    console.log(
      `${pack.key} ${pack.version}: ${counts.map(([count, what]) => `${count} ${what}`).join(', ')}`,
    );
  }
  console.log(`calendars: ${keys.join(', ')}`);
}

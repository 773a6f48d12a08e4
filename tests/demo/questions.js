/** Loads the files into the server of PLINTH_URL and compares its answers with the files. */
import assert from 'node:assert/strict';
import { createClient } from '@plinth/client';
import { cars, employment, flights, gapminder, movies } from './data.js';
import { load } from './load.js';

const { PLINTH_URL: url, PLINTH_ADMIN_EMAIL: email, PLINTH_ADMIN_PASSWORD: password } = process.env;
const db = createClient(url);
await db.auth.login(email, password);

const counts = await load(db);
assert.deepEqual(
  { movies: counts.movies, cars: counts.cars, figures: counts.figures, employment: counts.employment, flights: counts.flights },
  { movies: 3201, cars: 406, figures: gapminder.length, employment: employment.length, flights: 5000 },
);

/** Null before every value, text by its bytes. */
const compare = (a, b) => {
  if (a === null || b === null) return (a !== null) - (b !== null);
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a - b;
};
const by = (...keys) => (a, b) => {
  for (const key of keys) {
    const name = key.replace('-', '');
    const order = compare(a[name] ?? null, b[name] ?? null) * (key.startsWith('-') ? -1 : 1);
    if (order) return order;
  }
  return 0;
};

/** All pages of a list. */
async function all(collection, query) {
  const found = [];
  for await (const record of db.collection(collection).iterate({ limit: 200, ...query })) found.push(record);
  return found;
}

/** The same records in the same order, as far as the order says. */
async function same(collection, query, expected, members) {
  assert.ok(expected.length > 0, `no row of the file answers ${JSON.stringify(query)}`);
  const found = await all(collection, query);
  const pick = (record) => members.map((name) => record[name] ?? null);
  assert.deepEqual(found.map(pick), expected.map(pick), `${collection} ${JSON.stringify(query)}`);
}

const thrillers = movies.filter((m) => m.genre === 'Thriller/Suspense' && m.imdb !== null && m.imdb >= 7.5);
await same('movies', { filter: 'genre == "Thriller/Suspense" && imdb >= 7.5', orderBy: ['-imdb', 'title'] }, thrillers.sort(by('-imdb', 'title')), ['title', 'imdb']);

const undated = movies.filter((m) => m.releasedAt === null || m.director === null && m.budget > 100_000_000);
await same('movies', { filter: 'releasedAt == null || (director == null && budget > 100000000)', orderBy: ['title'] }, undated.sort(by('title')), ['title']);

const profits = movies.filter((m) => m.budget !== null && m.worldwideGross !== null && m.worldwideGross > m.budget * 20);
await same('movies', { filter: 'worldwideGross > budget * 20', orderBy: ['-worldwideGross', 'title'] }, profits.sort(by('-worldwideGross', 'title')), ['title', 'worldwideGross']);

const nineties = movies.filter((m) => m.releasedAt !== null && m.releasedAt >= '1990' && m.releasedAt < '2000' && /the/i.test(m.title ?? ''));
await same('movies', {
  filter: 'releasedAt >= timestamp("1990-01-01T00:00:00Z") && releasedAt < timestamp("2000-01-01T00:00:00Z") && title.lowerAscii().contains("the")',
  orderBy: ['releasedAt', 'title'],
}, nineties.sort(by('releasedAt', 'title')), ['title', 'releasedAt']);

const pages = await db.collection('movies').list({ orderBy: ['minutes', '-title'], limit: 50, count: 'exact' });
assert.equal(pages.total, 3201);
await same('movies', { orderBy: ['minutes', '-title'] }, [...movies].sort(by('minutes', '-title')), ['minutes', 'title']);

const thirsty = cars.filter((c) => ['USA', 'Europe'].includes(c.origin) && c.mpg !== null && c.mpg < 15 && c.name.startsWith('ford'));
await same('cars', { filter: 'origin in params.origins && mpg < 15.0 && name.startsWith("ford")', params: { origins: ['USA', 'Europe'] }, orderBy: ['mpg', 'name', 'weight'] }, thirsty.sort(by('mpg', 'name', 'weight')), ['name', 'mpg', 'weight']);

const asia = gapminder.filter((g) => g.country.includes('an') && g.year === 2005 && g.lifeExpectancy > 70);
const figures = await all('figures', { filter: 'country.name.contains("an") && year == 2005 && lifeExpectancy > 70.0', expand: { country: { select: ['name'] } }, orderBy: ['-lifeExpectancy'] });
assert.deepEqual(figures.map((f) => f.expand.country.name).sort(), asia.map((g) => g.country).sort());

const growing = [...new Set(gapminder.filter((g) => g.fertility > 7.5).map((g) => g.country))];
const countries = await all('countries', { filter: 'figures_via_country.exists(f, f.fertility > 7.5)', orderBy: ['name'] });
assert.deepEqual(countries.map((c) => c.name), growing.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));

const slump = employment.filter((e) => e.change < -500 || e.industries.construction > 7600);
await same('employment', { filter: 'change < -500.0 || industries.construction > 7600', orderBy: ['month'] }, slump.sort(by('month')), ['month', 'nonfarm']);
const [month] = await all('employment', { orderBy: ['month'], limit: 1 });
assert.deepEqual(month.industries, [...employment].sort(by('month'))[0].industries);

const late = flights.filter((f) => f.delay > 120 && f.origin === 'ORD' && f.destination !== 'LAX');
const found = await all('flights', { filter: 'delay > 120 && origin.code == "ORD" && destination.code != "LAX"', expand: { origin: {}, destination: { select: ['code'] } }, orderBy: ['-delay', 'at'] });
assert.deepEqual(
  found.map((f) => [f.delay, f.at, f.expand.origin.code, f.expand.destination.code]),
  late.sort(by('-delay', 'at')).map((f) => [f.delay, f.at, f.origin, f.destination]),
);
const fromDenver = flights.filter((f) => f.origin === 'DEN').length;
const denver = await db.collection('flights').list({ filter: 'origin.code == "DEN"', count: 'exact', limit: 1 });
assert.ok(asia.length > 0 && growing.length > 0 && late.length > 0 && fromDenver > 0);
assert.equal(denver.total, fromDenver);

console.log(`${Object.values(counts).reduce((sum, n) => sum + n, 0)} records; every answer is that of the files`);

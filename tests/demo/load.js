/** Makes the demo's collections and loads the files through the API. */
import { createAdmin } from '@plinth/client/admin';
import { collections } from './collections.js';
import { cars, employment, flights, gapminder, movies } from './data.js';

const CHUNK = 500;

const distinct = (rows, name) => [...new Set(rows.map((row) => row[name]))].filter((value) => value !== null);

/**
 * Loads everything as the signed-in administrator of `db`. `tell(line)` hears about each collection.
 * Returns how many records there are, by collection.
 */
export async function load(db, tell = () => {}) {
  const admin = createAdmin(db);
  for (const definition of collections) await admin.collections.create(definition);
  const counts = {};

  const fill = async (collection, records) => {
    const made = [];
    for (let at = 0; at < records.length; at += CHUNK) {
      made.push(...(await db.collection(collection).create(records.slice(at, at + CHUNK))));
    }
    counts[collection] = made.length;
    tell(`${collection}: ${made.length}`);
    return made;
  };
  /** Makes a record for each word, and answers the words' ids. */
  const names = async (collection, field, words, more = () => ({})) => {
    const made = await fill(collection, words.map((word) => ({ [field]: word, ...more(word) })));
    return new Map(made.map((record) => [record[field], record.id]));
  };

  const distributors = await names('distributors', 'name', distinct(movies, 'distributor'));
  await fill('movies', movies.map((movie) => ({ ...movie, distributor: distributors.get(movie.distributor) ?? null })));
  await fill('cars', cars);
  const cluster = new Map(gapminder.map((row) => [row.country, row.cluster]));
  const countries = await names('countries', 'name', distinct(gapminder, 'country'), (name) => ({ cluster: cluster.get(name) }));
  await fill('figures', gapminder.map(({ cluster: _, ...row }) => ({ ...row, country: countries.get(row.country) })));
  await fill('employment', employment);
  const codes = [...new Set([...distinct(flights, 'origin'), ...distinct(flights, 'destination')])].sort();
  const airports = await names('airports', 'code', codes);
  await fill('flights', flights.map((row) => ({ ...row, origin: airports.get(row.origin), destination: airports.get(row.destination) })));
  return counts;
}

/** Lets everybody who is signed in read everything. */
export async function open(db) {
  const admin = createAdmin(db);
  for (const { name } of collections) await admin.policies.create({ subject: 'role:user', object: name, action: 'read' });
}

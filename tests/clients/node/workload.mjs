// A workload for the JavaScript client: CRUD, errors, and an informer that sees each change.
import assert from 'node:assert/strict';
import * as k8s from '@kubernetes/client-node';

const config = new k8s.KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(k8s.CoreV1Api);
const apps = config.makeApiClient(k8s.AppsV1Api);
const namespace = 'node';

await core.createNamespace({ body: { metadata: { name: namespace } } });
await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'a' }, data: { color: 'blue' } } });
const read = await core.readNamespacedConfigMap({ namespace, name: 'a' });
assert.equal(read.data.color, 'blue');
read.data.color = 'green';
await core.replaceNamespacedConfigMap({ namespace, name: 'a', body: read });
await assert.rejects(core.readNamespacedConfigMap({ namespace, name: 'missing' }), (error) => error.code === 404);
const labels = { app: 'web' };
await apps.createNamespacedDeployment({
  namespace,
  body: {
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.example/web:1' }] } } },
  },
});
assert.equal((await apps.readNamespacedDeployment({ namespace, name: 'web' })).spec.replicas, 1);

// An informer lists, watches, and tells what changes.
const list = () => core.listNamespacedConfigMap({ namespace });
const informer = k8s.makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list);
const seen = [];
let wake;
for (const event of ['add', 'update', 'delete']) {
  informer.on(event, (object) => {
    seen.push(`${event} ${object.metadata.name}`);
    wake?.();
  });
}
const failed = new Promise((_, reject) => informer.on('error', reject));
failed.catch(() => {});
const until = async (wanted) => {
  while (!seen.includes(wanted)) {
    await Promise.race([new Promise((resolve) => { wake = resolve; }), failed]);
  }
};
await informer.start();
await until('add a');
await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'b' } } });
await until('add b');
await core.replaceNamespacedConfigMap({ namespace, name: 'b', body: { metadata: { name: 'b' }, data: { x: 'y' } } });
await until('update b');
await core.deleteNamespacedConfigMap({ namespace, name: 'b' });
await until('delete b');
await informer.stop();
console.log('node: all passed');
process.exit(0);

package io.trino.filesystem.hdfs;

import io.opentelemetry.api.OpenTelemetry;
import io.trino.filesystem.TrinoFileSystemFactory;
import io.trino.filesystem.local.LocalFileSystemFactory;
import io.trino.spi.NodeManager;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * Gives the Hive plugin Trino's own local file system where it expects Hadoop.
 *
 * <p>The plugin loads whatever class of this name lies in its folder `hdfs` and sends it every location that is not
 * on S3, Azure or Google. Trino 435 has a local file system but no setting that switches it on, and Hadoop would be
 * 100 MB and seconds of start-up for nothing. Locations are `local:///...`, relative to the catalog property
 * `local.root`. Parquet reading, projection and types are the plugin's own code, untouched.
 */
public final class HdfsFileSystemManager {
    private final Path root;

    public HdfsFileSystemManager(
            Map<String, String> config,
            boolean azure,
            boolean gcs,
            boolean s3,
            String catalogName,
            NodeManager nodes,
            OpenTelemetry telemetry) {
        root = Path.of(config.get("local.root"));
    }

    /** The catalog properties this class has used: Trino refuses a property that nobody uses. */
    public Set<String> configure() {
        return Set.of("local.root");
    }

    public TrinoFileSystemFactory create() {
        return new LocalFileSystemFactory(root);
    }

    public void stop() {}
}

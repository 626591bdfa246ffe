import io.trino.server.Server;
import java.io.IOException;

/** Starts the Trino server whose properties file `-Dconfig=` names, and ends it when standard input closes. */
class StartTrino {
    public static void main(String[] arguments) {
        // The test holds the other end of this pipe. However it dies, the pipe closes, and no server stays behind.
        Thread watch = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // Nothing is ever sent.
                }
            } catch (IOException closed) {
                // Closed all the same.
            }
            Runtime.getRuntime().halt(0);
        });
        watch.setDaemon(true);
        watch.start();
        new Server().start("435");
    }
}

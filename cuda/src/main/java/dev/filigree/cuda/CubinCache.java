package dev.filigree.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, each under the hash of all that it was made of. Processes share it: a
 * file appears whole or not at all.
 */
final class CubinCache {
  private static final Logger LOG = LoggerFactory.getLogger(CubinCache.class);

  private final Path folder;

  CubinCache(Path folder) {
    this.folder = folder;
  }

  /** The cubin of a source, compiled where it is not there. */
  byte[] cubin(KernelSource source, String architecture, Nvrtc compiler) {
    String stem = source.name().replaceAll("\\.cu$", "");
    Path file =
        folder.resolve(stem + "-" + key(source, architecture, compiler.version()) + ".cubin");
    try {
      return Files.exists(file)
          ? Files.readAllBytes(file)
          : keep(file, () -> compiler.compile(source, architecture));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private byte[] keep(Path file, Supplier<byte[]> compilation) {
    byte[] cubin = compilation.get();
    try {
      Files.createDirectories(folder);
      Path aside = Files.createTempFile(folder, "cubin", ".part");
      Files.write(aside, cubin);
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("compiled kernels cannot be kept in {}: {}", folder, e.toString());
    }
    return cubin;
  }

  private static String key(KernelSource source, String architecture, String compiler) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (String part :
          new String[] {
            source.text(),
            KernelSource.header(),
            String.join(" ", source.options()),
            architecture,
            compiler
          }) {
        digest.update(part.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}

package dev.filigree.reliability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.filigree.zoo.config.RunConfig;
import dev.filigree.zoo.train.Trainer;
import dev.filigree.zoo.train.checkpoint.Checkpoint;
import dev.filigree.zoo.train.checkpoint.CheckpointException;
import dev.filigree.zoo.train.checkpoint.Checkpoints;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;

/** Checkpoints damaged by a disk, and checkpoints made to harm. */
@Tag("reliability")
class DamageTest {
  private static final List<String> FILES =
      List.of(
          "config.json",
          "config.yaml",
          "manifest.json",
          "model.safetensors",
          "state.json",
          "training.safetensors");
  private static final int PLACES = 150;
  private static final int HOSTILE = 150;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;
  private Path run;
  private Path checkpoint;

  @BeforeEach
  void train() throws Exception {
    run = folder.resolve("run");
    RunConfig config =
        RunConfig.read(TinyConfig.write(folder), List.of("loop.max_steps=8", "checkpoint.steps=0"));
    try (Trainer trainer = Trainer.start(config, run)) {
      trainer.run();
    }
    checkpoint = run.resolve("checkpoints/step-000008");
  }

  @Test
  void everyFlippedBitAndEveryCutIsFoundAndNamed() throws Exception {
    int flips = 0;
    int cuts = 0;
    for (String name : FILES) {
      Path file = checkpoint.resolve(name);
      byte[] whole = Files.readAllBytes(file);
      var random = new Random(name.hashCode());
      for (int i = 0; i < PLACES; i++) {
        assertDamaged(file, flipped(whole, place(whole, i, random), random));
        assertDamaged(file, Arrays.copyOf(whole, place(whole, i, random)));
        flips++;
        cuts++;
      }
      Files.write(file, whole);
    }
    assertThat(Checkpoints.open(checkpoint).step()).contains(8L);
    Findings.add(
        "12-damage",
        "a bit flipped, or the file cut, in each of a checkpoint's " + FILES.size() + " files",
        flips + " flips, " + cuts + " cuts, over all regions of each file",
        "every one found before anything was loaded: one line with the file and what is wrong",
        "nothing; --resume takes the checkpoint before");
  }

  /** Places over the whole file: its beginning byte by byte, then stretch by stretch. */
  private static int place(byte[] whole, int number, Random random) {
    if (number < 16) {
      return Math.min(number, whole.length - 1);
    }
    int stretch = Math.max(1, whole.length / (PLACES - 16));
    int start = (int) Math.min(whole.length - 1L, (long) (number - 16) * stretch);
    return Math.min(whole.length - 1, start + random.nextInt(stretch));
  }

  private static byte[] flipped(byte[] whole, int place, Random random) {
    byte[] damaged = whole.clone();
    damaged[place] ^= (byte) (1 << random.nextInt(8));
    return damaged;
  }

  private void assertDamaged(Path file, byte[] content) throws Exception {
    Files.write(file, content);
    assertThatThrownBy(() -> Checkpoints.open(checkpoint))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(file.toString())
        .message()
        .doesNotContain("\n");
  }

  @Test
  void aHostileCheckpointWhoseManifestAgreesIsRefusedOrHarmless() throws Exception {
    int refused = 0;
    int harmless = 0;
    byte[] manifest = Files.readAllBytes(checkpoint.resolve("manifest.json"));
    for (String name : FILES) {
      if (name.equals("manifest.json")) {
        continue;
      }
      Path file = checkpoint.resolve(name);
      byte[] whole = Files.readAllBytes(file);
      var random = new Random(~name.hashCode());
      for (int i = 0; i < HOSTILE; i++) {
        Files.write(file, hostile(name, whole, i, random));
        agree(checkpoint.resolve("manifest.json"), manifest, name);
        if (isRefused(name + " " + i)) {
          refused++;
        } else {
          harmless++;
        }
      }
      Files.write(file, whole);
      Files.write(checkpoint.resolve("manifest.json"), manifest);
    }
    assertThat(refused).isGreaterThan(100);
    Findings.add(
        "13-hostile",
        "a checkpoint changed on purpose, with a manifest that agrees: header lengths, JSON, weights",
        refused + harmless + " times",
        "%d refused with one line; %d are other, whole checkpoints and load; no crash"
            .formatted(refused, harmless),
        "nothing");
  }

  /** Changes where parsers look first: lengths, headers, JSON; then anywhere. */
  private static byte[] hostile(String name, byte[] whole, int number, Random random) {
    if (number % 5 == 0) {
      return Arrays.copyOf(whole, random.nextInt(whole.length));
    }
    int header = whole.length;
    if (name.endsWith(".safetensors")) {
      long length = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
      header = (int) Math.min(whole.length, 8 + length);
    }
    byte[] changed = whole.clone();
    int times = 1 + random.nextInt(3);
    for (int i = 0; i < times; i++) {
      int place = number % 5 == 1 ? random.nextInt(Math.min(8, header)) : random.nextInt(header);
      // Digits stay digits half of the time: other numbers, not only other syntax.
      if (changed[place] >= '0' && changed[place] <= '9' && random.nextBoolean()) {
        changed[place] = (byte) ('0' + random.nextInt(10));
      } else {
        changed[place] = (byte) random.nextInt(256);
      }
    }
    return changed;
  }

  /** Loads as evaluation and as a resume do. */
  private boolean isRefused(String what) {
    boolean refused = false;
    try (var _ = new PointerScope()) {
      Checkpoint opened = Checkpoints.open(checkpoint);
      opened.config();
      opened.masks();
      opened.loadModel();
    } catch (RuntimeException | Error e) {
      refused = assertClear(what, e);
    }
    try (Trainer trainer = Trainer.resume(run, List.of())) {
      assertThat(trainer.directory()).isEqualTo(run);
    } catch (RuntimeException | Error e) {
      refused = assertClear(what, e);
    }
    return refused;
  }

  private static boolean assertClear(String what, Throwable e) {
    boolean own = e.getClass().getName().startsWith("dev.filigree.");
    String message = String.valueOf(e.getMessage());
    boolean clear = own && !message.isBlank() && !message.contains("\n");
    if (!clear) {
      throw new AssertionFailedError(what + ": no clear error", e);
    }
    return true;
  }

  /** Rewrites the manifest so that it agrees with the changed file. */
  private static void agree(Path file, byte[] manifest, String name) throws Exception {
    Map<String, Object> root =
        JSON.readValue(manifest, new TypeReference<Map<String, Object>>() {});
    Map<String, Object> files =
        new TreeMap<>(
            JSON.convertValue(root.get("files"), new TypeReference<Map<String, Object>>() {}));
    byte[] content = Files.readAllBytes(file.resolveSibling(name));
    files.put(name, new TreeMap<>(Map.of("bytes", content.length, "sha256", sha256(content))));
    root.put("files", files);
    root.put("digest", sha256(JSON.writeValueAsString(files).getBytes(StandardCharsets.UTF_8)));
    String text =
        JSON.writerWithDefaultPrettyPrinter().writeValueAsString(new TreeMap<>(root)) + "\n";
    Files.writeString(file, text);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}

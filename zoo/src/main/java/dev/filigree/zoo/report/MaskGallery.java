package dev.filigree.zoo.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;

/** The pictures of the saved masks: the first, the last, and what changed between them. */
final class MaskGallery {
  private final Path runDir;
  private List<Map<String, Object>> drawn = List.of();
  private String drawnVersion = "";

  MaskGallery(Path runDir) {
    this.runDir = runDir;
  }

  /** What changes whenever the saved masks do. */
  String version() throws IOException {
    var version = new StringBuilder();
    for (String parameter : MaskPictures.parameters(runDir)) {
      for (MaskPictures.Saved saved : MaskPictures.saved(runDir, parameter)) {
        version.append(saved.file()).append(Files.getLastModifiedTime(saved.file()).toMillis());
      }
    }
    return version.toString();
  }

  /** The pictures of each parameter that has saved masks; made again only where those changed. */
  List<Map<String, Object>> figures() throws IOException {
    String now = version();
    if (!now.equals(drawnVersion)) {
      drawn = draw();
      drawnVersion = now;
    }
    return drawn;
  }

  private List<Map<String, Object>> draw() throws IOException {
    var all = new ArrayList<Map<String, Object>>();
    for (String parameter : MaskPictures.parameters(runDir)) {
      List<MaskPictures.Saved> saved = MaskPictures.saved(runDir, parameter);
      if (!saved.isEmpty()) {
        all.add(figures(parameter, saved.getFirst(), saved.getLast()));
      }
    }
    return all;
  }

  private static Map<String, Object> figures(
      String parameter, MaskPictures.Saved first, MaskPictures.Saved last) throws IOException {
    MaskBitmap before = MaskBitmap.read(first.file());
    MaskBitmap after = MaskBitmap.read(last.file());
    var pictures = new ArrayList<Map<String, Object>>();
    pictures.add(density(first.step(), before));
    boolean comparable =
        last.step() > first.step()
            && before.rows() == after.rows()
            && before.columns() == after.columns();
    if (comparable) {
      pictures.add(density(last.step(), after));
      pictures.add(picture(MaskImage.change(before, after), "Kept, grown, dropped"));
      if (MaskImage.isCoarse(after)) {
        pictures.add(
            picture(
                MaskImage.changeDetail(before, after),
                "The same, top left corner, a pixel a weight"));
      }
    }
    return Map.of(
        "parameter", parameter,
        "shape", after.rows() + " × " + after.columns(),
        "pictures", pictures);
  }

  private static Map<String, Object> density(long step, MaskBitmap mask) throws IOException {
    MaskImage.Density density = MaskImage.density(mask);
    String range =
        MaskImage.isCoarse(mask)
            ? ": density from %s to %s"
                .formatted(Figures.percent(density.low()), Figures.percent(density.high()))
            : "";
    return picture(density.image(), String.format(Locale.ROOT, "Mask at step %,d", step) + range);
  }

  /** A picture that needs no other file: its PNG in Base64. */
  private static Map<String, Object> picture(BufferedImage image, String caption)
      throws IOException {
    var png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    return Map.of(
        "caption", caption,
        "width", image.getWidth(),
        "height", image.getHeight(),
        "png", Base64.getEncoder().encodeToString(png.toByteArray()));
  }
}

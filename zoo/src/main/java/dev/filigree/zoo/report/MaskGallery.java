package dev.filigree.zoo.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;

/** The pictures of the saved masks: the first, the last, and what changed between them. */
final class MaskGallery {
  /** In pixels of the page. */
  private static final int MAX_HEIGHT = 420;

  private final Path runDir;

  MaskGallery(Path runDir) {
    this.runDir = runDir;
  }

  /** A figure a parameter; empty where no mask was saved. */
  String html() throws IOException {
    var out = new StringBuilder();
    for (String parameter : MaskPictures.parameters(runDir)) {
      List<MaskPictures.Saved> saved = MaskPictures.saved(runDir, parameter);
      if (!saved.isEmpty()) {
        out.append(figure(parameter, saved.getFirst(), saved.getLast()));
      }
    }
    return out.toString();
  }

  private String figure(String parameter, MaskPictures.Saved first, MaskPictures.Saved last)
      throws IOException {
    MaskBitmap before = MaskBitmap.read(first.file());
    MaskBitmap after = MaskBitmap.read(last.file());
    var out = new StringBuilder();
    out.append(
        "<h3 class=\"mono\">%s <small>%d × %d</small></h3><div class=\"masks\">"
            .formatted(Html.escape(parameter), after.rows(), after.columns()));
    out.append(densityFigure(parameter, "first", first.step(), before));
    boolean comparable =
        last.step() > first.step()
            && before.rows() == after.rows()
            && before.columns() == after.columns();
    if (comparable) {
      out.append(densityFigure(parameter, "last", last.step(), after));
      out.append(
          picture(parameter, "changed", MaskImage.change(before, after), "Kept, grown, dropped"));
      if (MaskImage.isCoarse(after)) {
        out.append(
            picture(
                parameter,
                "detail",
                MaskImage.changeDetail(before, after),
                "The same, top left corner, a pixel a weight"));
      }
    }
    return out.append("</div>").toString();
  }

  private String densityFigure(String parameter, String name, long step, MaskBitmap mask)
      throws IOException {
    MaskImage.Density density = MaskImage.density(mask);
    String range =
        MaskImage.isCoarse(mask)
            ? ": density from %s to %s"
                .formatted(Figures.percent(density.low()), Figures.percent(density.high()))
            : "";
    return picture(parameter, name, density.image(), "Mask at step %,d".formatted(step) + range);
  }

  /** Writes the picture beside the report and returns it as a figure that holds it. */
  private String picture(String parameter, String name, BufferedImage image, String caption)
      throws IOException {
    var png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    Files.write(
        runDir.resolve("pictures").resolve("mask-" + parameter + "-" + name + ".png"),
        png.toByteArray());
    return """
        <figure><img src="data:image/png;base64,%s" style="width:min(100%%,%dpx)" alt="%s">\
        <figcaption>%s</figcaption></figure>"""
        .formatted(
            Base64.getEncoder().encodeToString(png.toByteArray()),
            MAX_HEIGHT * image.getWidth() / image.getHeight(),
            Html.escape(caption),
            Html.escape(caption));
  }
}

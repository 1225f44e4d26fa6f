"""What drawing programs write: LabelMe, COCO and ImageJ files become masks of class indices.

In all of them pixel ``(row, column)`` is the square from ``(column, row)`` to
``(column + 1, row + 1)``, and belongs to an outline if its centre does
(`seglib.formats.contours.fill_rings`). Objects are painted in the order of the file, a later one
over an earlier one; one with the class 0 cuts a hole. Own parsers read them: each is a page
long, needs no further package, and all fill by that one rule, which the programs' own
libraries do not.
"""

from seglib.lazy import lazy_face

__getattr__, __dir__, __all__ = lazy_face(
    __name__,
    {
        "read_labelme": "labelme",
        "labelme_text": "labelme",
        "read_coco": "coco",
        "decode_rle": "coco",
        "encode_rle": "coco",
        "read_rois": "imagej_roi",
    },
)
